"""What comes by itself at its time: reports, reviews of the policy, and the appointments for them."""
