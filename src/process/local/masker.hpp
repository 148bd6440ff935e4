/// Replaces secrets in a stream of bytes, wherever its reads happen to be cut.
///
/// A secret is found as it is, and as programs print it: in base64 (both alphabets, at each of the
/// three places it can start), URL-encoded (by several rules), as JSON, quoted by a shell, in
/// hexadecimal, and each longer line of one that has several. A long one is also found where
/// `base64`, `openssl` and `xxd -p` break its lines. All forms together take at most some 60 times
/// the size of the secret.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cordyna::local {

/// All forms of all secrets. Immutable. Threads: any.
class MaskSet {
 public:
  explicit MaskSet(const std::vector<std::string>& secrets);

  [[nodiscard]] bool empty() const { return patterns_.empty(); }
  /// The length of the longest form that `text` begins with; 0: none.
  [[nodiscard]] std::size_t match(std::string_view text) const;
  /// Whether `text` is the beginning of a longer form: what follows decides.
  [[nodiscard]] bool may_grow(std::string_view text) const;
  /// Where the next byte stands that a form begins with; the size of `text`: nowhere.
  [[nodiscard]] std::size_t next_candidate(std::string_view text, std::size_t from) const;

 private:
  std::vector<std::string> patterns_;  ///< by first byte, then longest first
  std::array<std::uint32_t, 257> first_{};
};

/// One stream. Keeps back the bytes that may be the beginning of a secret.
class Masker {
 public:
  /// Borrows the set.
  explicit Masker(const MaskSet& masks) : masks_(&masks) {}

  /// Appends to `out` what is certain.
  void feed(std::string_view bytes, std::string& out);
  /// The stream has ended: appends the rest.
  void finish(std::string& out);

 private:
  void drain(bool last, std::string& out);

  const MaskSet* masks_;
  std::string held_;
};

}  // namespace cordyna::local
