"""What each state of the workflow does, written against the ports. Here is all of it, in the order in which it happens.

    Receive release           receive.receive
    Validate bundle           validate.validate
    Wait for lock             wait_for_lock.wait_for_lock
    Record restore point      stage.record_restore_point
    Stage component           stage.stage
    Test staged release       test.test_staged
    Ask pre-traffic hook      ask_hook.ask_hook
    Shift traffic             shift.shift                    from here on once for each traffic step
    Verify                    test.verify
    Ask post-traffic hook     ask_hook.ask_hook
    Judge canary              judge.judge
    Hold for a person         judge.hold
    Go on after the hold      judge.resume
    Guard alarms              judge.guard
    Complete                  complete.complete

    Begin rollback            begin.begin                the way back, from anywhere
    Restore component         begin.restore_component
    Verify restoration        begin.verify_restoration
    Close deployment          begin.close_rollback

Beside the workflow, an alarm puts the visitors back (`trip.on_alarm`), a person can do the same
(`emergency.emergency`), and what was left lying is found (`reconcile.reconcile`). However a deployment ends, it does
so in `closure.close`.
"""
