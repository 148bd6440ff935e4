#include "process/local/core_files.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace cordyna {

void forbid_core_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_CORE, &limit) == 0) {
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_CORE, &limit);
  }
  // The limit alone does not hold where the kernel hands cores to a program. The leak check of a
  // sanitizer build has to look into itself.
#ifndef __SANITIZE_ADDRESS__
  prctl(PR_SET_DUMPABLE, 0);
#endif
}

}  // namespace cordyna
