"""WeChat's interface: what we ask of it, and how that fails."""
