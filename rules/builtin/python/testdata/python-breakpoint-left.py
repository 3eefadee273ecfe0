import pdb


def charge(card):
    # ruleid: python-breakpoint-left
    breakpoint()
    # ruleid: python-breakpoint-left
    pdb.set_trace()
    # ruleid: python-breakpoint-left
    import ipdb; ipdb.set_trace()
    # ok: python-breakpoint-left
    debugger.breakpoint("charge")
    # ok: python-breakpoint-left
    breakpoints.clear()
    # ok: python-breakpoint-left
    monitor.set_trace(card)
