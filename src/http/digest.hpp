/// Digests, keyed ones too, how they are spelled and compared.
///
/// Threads: any; each object from one.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace cordyna::http {

enum class DigestKind : unsigned char { kMd5, kSha256, kSha512 };

/// Of what was added so far; `finish` once.
class Digest {
 public:
  explicit Digest(DigestKind kind);
  ~Digest();
  Digest(Digest&& other) noexcept;
  Digest& operator=(Digest&& other) noexcept;
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  void add(std::string_view bytes);
  /// The digest's bytes.
  [[nodiscard]] std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] std::string sha256(std::string_view bytes);
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes);
/// In a time that does not tell where they differ.
[[nodiscard]] bool same_text(std::string_view a, std::string_view b);
/// Lower case.
[[nodiscard]] std::string hex(std::string_view bytes);

}  // namespace cordyna::http
