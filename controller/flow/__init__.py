"""What each state of the workflow does, written against the ports. Here is all of it, in the order in which it happens.

    Receive release           receiving.receive
    Validate bundle           validating.validate
    Wait for turn             queueing.wait_for_turn
    Record restore point      staging.record_restore_point
    Stage component           staging.stage
    Test staged release       testing.test_staged
    Ask pre-traffic hook      hooks.ask_hook
    Shift traffic             shifting.shift                    from here on once for each traffic step
    Verify                    testing.verify
    Ask post-traffic hook     hooks.ask_hook
    Judge canary              watching.look
    Hold for a person         watching.hold
    Go on after the hold      watching.resume
    Guard alarms              watching.guard
    Complete                  completing.complete

    Begin rollback            rolling_back.begin                the way back, from anywhere
    Restore component         rolling_back.restore_component
    Verify restoration        rolling_back.verify_restoration
    Close deployment          rolling_back.close_rollback

Beside the workflow, an alarm puts the visitors back (`tripping.on_alarm`), a person can do the same
(`emergency.emergency`), and what was left lying is found (`reconciling.reconcile`). However a deployment ends, it does
so in `closing.close`.
"""
