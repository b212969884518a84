"""What stands between callers of AWS and the emulator when the local AWS has weather.

The emulator does at once what AWS does later. So every call goes through this gateway, a process of its own: reads may
be stale for an instant, a distribution is not `Deployed` yet, a function's update is still in progress, one Lambda
front end after the other learns of an alias. Events and alarms go through a queue, and are delivered late, in another
order, sometimes twice. Writes reach the emulator at once, and what it refuses is refused.
"""
