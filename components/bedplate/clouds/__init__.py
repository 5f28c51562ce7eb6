"""The clouds themselves: one provider per cloud and region, and what is the same all over a cloud's account."""
