#include "server/pages/pages.hpp"

#include <algorithm>

namespace cordyna::server {

const PageFile* find_page_file(std::string_view name) {
  const auto files = page_files();
  const auto found = std::ranges::lower_bound(files, name, {}, &PageFile::name);
  return found == files.end() || found->name != name ? nullptr : &*found;
}

}  // namespace cordyna::server
