/// Names of images: "alpine", "registry:5000/team/app:1.2", "app@sha256:…".
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

namespace cordyna::docker {

struct ImageName {
  std::string name;  ///< with its registry, if it has one
  std::string tag;   ///< a tag, or a digest; "latest" where none is given
};

[[nodiscard]] ImageName split_image(std::string_view text);

}  // namespace cordyna::docker
