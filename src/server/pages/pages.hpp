/// The files of the web UI, as they were built, inside the program.
///
/// Threads: any. All text lives as long as the program.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace cordyna::server {

struct PageFile {
  std::string_view name;  ///< "index.html", or of those that it loads: "index-BxK3f9_a.js"
  std::string_view type;  ///< Content-Type
  std::string_view tag;   ///< another one for another content
  std::string_view gzip;  ///< the content, packed
  std::size_t bytes = 0;  ///< of the content
};

/// By name.
[[nodiscard]] std::span<const PageFile> page_files();
/// Null: there is none.
[[nodiscard]] const PageFile* find_page_file(std::string_view name);

}  // namespace cordyna::server
