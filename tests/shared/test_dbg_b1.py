import asyncio, os, signal
from datetime import timedelta
from tests.shared.test_jobs_crashing import *
from tests.shared.test_jobs_crashing import db as db
async def test_it(database_url, db):
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(worker_process(database_url)) for _ in "ab"]
        for process in processes:
            before = len(await effects(db))
            await execute(db, COUNTS, 150)
            await eventually(lambda least=before: has_more(db, least))
            os.kill(process.pid, signal.SIGKILL)
        async with jobs.worker(db, None, lease=LEASE) as w:
            for _ in range(12):
                await asyncio.sleep(1)
                print(len(await effects(db)), [tuple(r) for r in await db.fetch("select id,due-now() as d,attempt,failures,crashes,owner,error from timer limit 4")], len(w._held), len(w._waiting), len(w._running), w._filled, w._bonus)
                if _ > 3 and await db.fetchval("select count(*) from timer"):
                    for r in await db.fetch("select pid,state,wait_event_type,wait_event,now()-xact_start as x, now()-state_change as sc,left(query,60) as q from pg_stat_activity where datname=current_database()"): print(dict(r))
                    print(await db.fetchval("select count(*) from (select id from timer where due<=now() order by due for update skip locked) x"))
                    for b in w._background: print(b.get_stack()); 
                    return
                for t in list(w._running)[:2]: print(t.get_stack()[-1:], t)
