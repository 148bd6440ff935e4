/// Whether a ";" ends a statement of SQL: within the body of a routine or a trigger it does not.
///
/// Fed with what stands outside of quotes and comments. Pure. Threads: one.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace cordyna::tmpl {

class SqlBody {
 public:
  /// `word`: in lower case.
  void take_word(std::string_view word) {
    ++words_;
    if (words_ == 1) creates_ = word == "create";
    // CREATE OR REPLACE FUNCTION, CREATE TEMPORARY TRIGGER: the kind comes soon, or never.
    constexpr std::size_t kKindWithin = 5;
    constexpr std::array<std::string_view, 3> kKinds = {"function", "procedure", "trigger"};
    if (creates_ && words_ <= kKindWithin && std::ranges::find(kKinds, word) != kKinds.end()) {
      has_body_ = true;
    }
    if (!has_body_) return;
    if (word == "begin" || (word == "case" && depth_ > 0)) ++depth_;
    if (word == "end" && depth_ > 0) --depth_;
  }

  void take_sign(char c) {
    if (c == '(') ++open_;
    if (c == ')' && open_ > 0) --open_;
  }

  [[nodiscard]] bool inside() const { return depth_ > 0 || open_ > 0; }
  [[nodiscard]] bool has_words() const { return words_ > 0; }

 private:
  std::size_t words_ = 0;
  std::size_t depth_ = 0;
  std::size_t open_ = 0;  ///< parentheses
  bool creates_ = false;
  bool has_body_ = false;
};

}  // namespace cordyna::tmpl
