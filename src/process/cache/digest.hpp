/// SHA-256 over fields: each goes in with its length, so that no two lists of fields look alike.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace cordyna::cache {

class Digest {
 public:
  Digest();
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  void bytes(std::string_view bytes);
  void field(std::string_view text);
  /// 64 hexadecimal digits; ends it.
  [[nodiscard]] std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cordyna::cache
