"""WeChat's interface: what we ask of it, how that fails, and the notices that go out by it."""
