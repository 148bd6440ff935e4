#include "kafka/library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <type_traits>

namespace cordyna::kafka {
namespace {

constexpr const char* kName = "librdkafka.so.1";

Library load() {
  Library loaded;
  // Never closed: it has threads of its own.
  void* handle = dlopen(kName, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* why = dlerror();
    loaded.problem = fmt::format(
        "{} cannot be loaded; install librdkafka1 (Debian: apt-get install librdkafka1): {}", kName,
        why == nullptr ? "" : why);
    return loaded;
  }
  const auto find = [&](auto& function, const char* name) {
    void* found = dlsym(handle, name);
    if (found == nullptr) loaded.problem = fmt::format("{} has no {}", kName, name);
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(found);
  };
#define CORDYNA_FIND(name) find(loaded.name, #name);
  CORDYNA_RDKAFKA(CORDYNA_FIND)
#undef CORDYNA_FIND
  return loaded;
}

}  // namespace

const Library& library() {
  static const Library loaded = load();
  return loaded;
}

}  // namespace cordyna::kafka
