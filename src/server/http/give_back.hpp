/// Gives back the memory of a string or vector. Assigning an empty one does not: libstdc++ then
/// copies into what is there.
///
/// Internal to this folder. Threads: any.
#pragma once

namespace cordyna::server {

template <class Container>
void give_back(Container& container) {
  Container().swap(container);
}

}  // namespace cordyna::server
