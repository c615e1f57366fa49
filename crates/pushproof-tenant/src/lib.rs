//! The simulated tenant as a value: handle(now, request) -> reply; its faults and rules.
