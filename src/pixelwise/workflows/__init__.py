"""What each command does, one function each."""
