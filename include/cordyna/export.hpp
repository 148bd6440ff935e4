/// Marks what the shared library shows of itself; all the rest of it is hidden.
#pragma once

#define CORDYNA_API __attribute__((visibility("default")))
