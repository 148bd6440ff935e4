/// A folder that is read, closed once.
#pragma once

#include <dirent.h>

#include <memory>

namespace cordyna::local {

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};
using DirPtr = std::unique_ptr<DIR, CloseDir>;

}  // namespace cordyna::local
