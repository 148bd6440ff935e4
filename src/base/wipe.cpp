#include "base/wipe.hpp"

#include <cstring>

namespace cordyna {

void wipe_secret(std::string& text) {
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace cordyna
