--- The library's version: the one place that states it.
return "0.1.0"
