#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace cordyna {

void check_failed(const char* condition, const char* file, int line) {
  // stdio, not fmt: it must work when memory is damaged or gone.
  std::fprintf(stderr, "dyna: internal error at %s:%d: %s does not hold\n", file, line, condition);
  std::abort();
}

}  // namespace cordyna
