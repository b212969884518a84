"""The controller is deleted and made anew beside the sandbox's application: applications must not notice.

It comes last in a run, and only where the sandbox's is the one registered environment. At no moment is the controller
only in this process: what it is made from lies in the account and on this machine before anything is deleted.
"""
