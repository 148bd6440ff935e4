#include "flow/project_folder.hpp"

#include <filesystem>
#include <system_error>

namespace cordyna::flow {

std::string project_folder(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  for (fs::path at = folder;; at = at.parent_path()) {
    if (fs::exists(at / "cordyna.yaml", error)) return at.string();
    if (at == at.parent_path()) return folder;
  }
}

}  // namespace cordyna::flow
