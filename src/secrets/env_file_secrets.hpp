/// Secrets from the environment (DYNA_SECRET_NAME) and from a file that only its owner can read.
///
/// The file has lines NAME=value. A value is the rest of the line as it stands, or stands in double
/// quotes with \n \r \t \" \\ in them. Empty lines and lines that begin with # are passed over. It
/// is read anew for each search, so that a changed secret needs no restart.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "ports/secrets.hpp"

namespace cordyna {

inline constexpr std::size_t kSecretsFileMax = std::size_t{1} << 20;

class EnvFileSecrets final : public Secrets {
 public:
  /// `file` need not exist; empty: only the environment.
  explicit EnvFileSecrets(std::string file = {}) : file_(std::move(file)) {}

  /// The environment wins. Errors: kInvalidArgument for a name that is not [A-Za-z_][A-Za-z0-9_]*
  /// and for a line of the file that cannot be understood; kUnavailable for a file that others can
  /// read, that belongs to somebody else, or that cannot be read; kNotFound. No message ever holds
  /// a value. Threads: any, while nobody changes the environment.
  [[nodiscard]] Result<std::string> find(std::string_view name) const override;

 private:
  std::string file_;
};

}  // namespace cordyna
