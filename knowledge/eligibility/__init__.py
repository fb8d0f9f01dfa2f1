"""Who a measure is for, by its stated conditions: yes, no, or not known yet."""
