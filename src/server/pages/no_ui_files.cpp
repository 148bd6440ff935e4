// The pages of a program that was built without the web UI.
#include "server/pages/pages.hpp"

namespace cordyna::server {

std::span<const PageFile> page_files() {
  return {};
}

}  // namespace cordyna::server
