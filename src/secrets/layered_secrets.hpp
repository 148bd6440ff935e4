/// All places of a secret, in their order: the environment (DYNA_SECRET_NAME), the encrypted store
/// of the state folder, and its plain file `secrets`, which only its owner can read.
///
/// The plain file has lines NAME=value. A value is the rest of the line as it stands, or stands in
/// double quotes with \n \r \t \" \\ in them. Empty lines and lines that begin with # are passed
/// over. All is read anew for each search, so that a changed secret needs no restart.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/layout.hpp"
#include "ports/secrets.hpp"
#include "secrets/secret_store.hpp"

namespace cordyna {

inline constexpr std::size_t kSecretsFileMax = std::size_t{1} << 20;

class LayeredSecrets final : public Secrets {
 public:
  /// Neither the store nor the plain file need exist.
  explicit LayeredSecrets(const StateLayout& layout)
      : store_file_(layout.secret_store()), plain_file_(layout.plain_secrets()), store_(layout) {}

  /// The first place that has it wins; one that has it but cannot be read is an error. Errors:
  /// kInvalidArgument for a bad name and for a line of the plain file that cannot be understood;
  /// those of the store; kUnavailable for a plain file that others can read, that belongs to
  /// somebody else, or that cannot be read; kNotFound. No message ever holds a value.
  /// Threads: any, while nobody changes the environment.
  [[nodiscard]] Result<std::string> find(std::string_view name) const override;

 private:
  std::string store_file_;
  std::string plain_file_;
  SecretStore store_;
};

}  // namespace cordyna
