#include "docker/image.hpp"

namespace cordyna::docker {

ImageName split_image(std::string_view text) {
  const std::size_t at = text.find('@');
  // A colon behind the last slash: the one of a registry's port is before it.
  const std::string_view before = text.substr(0, at);
  const std::size_t slash = before.rfind('/');
  const std::size_t colon = before.find(':', slash == std::string_view::npos ? 0 : slash);
  const std::string name(before.substr(0, colon));
  // A digest says more than the tag before it.
  if (at != std::string_view::npos) return {name, std::string(text.substr(at + 1))};
  if (colon == std::string_view::npos) return {name, "latest"};
  return {name, std::string(before.substr(colon + 1))};
}

}  // namespace cordyna::docker
