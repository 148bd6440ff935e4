/// Files as events.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "cordyna/event.hpp"
#include "input/file/stamp.hpp"

namespace cordyna::input {

struct FileEvent {
  std::string_view folder;    ///< that is watched
  std::string_view path;      ///< from it
  std::string_view location;  ///< the absolute path of where it lies by now
  Operation operation = Operation::kCreate;
  Stamp stamp{};
  Millis at = 0;
  std::string_view sha256{};  ///< empty: nobody asked for it
  std::string_view key;
};

/// As file.hpp says.
[[nodiscard]] Event event_of_file(const FileEvent& file);

}  // namespace cordyna::input
