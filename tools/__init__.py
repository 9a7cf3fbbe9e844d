"""Everything that runs Flotilla on one machine: servers, supervisor, assets."""
