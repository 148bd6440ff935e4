#include "cli/file_mark.hpp"

#include <sys/stat.h>

namespace cordyna::cli {

FileMark mark_of(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return {};
  return {static_cast<std::int64_t>(found.st_ino), found.st_size, found.st_mtim.tv_sec,
          found.st_mtim.tv_nsec};
}

}  // namespace cordyna::cli
