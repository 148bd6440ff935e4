/// The encrypted secrets of a state folder: what `dyna secret` keeps and `secret('X')` finds.
///
/// The file secrets.enc is text: "cordyna-secrets 1", a line "NAME SET_AT SEALED" for each secret,
/// ". COUNT". A value is encrypted together with version, name and time, so that none can be moved
/// to another name; names and times are there to read. The last line shows a file that was cut.
/// What nobody can notice is a file that was put back as it was before.
///
/// The key is DYNA_SECRET_KEY (32 bytes in base64 or hex), else the file secret.key, which the
/// first `set` makes. Both files are 0600; one that others can read is refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/layout.hpp"
#include "ports/secrets.hpp"

namespace cordyna {

/// Reads the files anew for each call, and needs no owner of the state. Writers lock each other
/// out; a reader sees the file before or after a change.
class SecretStore final : public Secrets, public SecretKeeper {
 public:
  explicit SecretStore(StateLayout layout) : layout_(std::move(layout)) {}

  /// Errors: kNotFound: not in the store; kUnavailable: there is no key, or a file that others can
  /// read; kInvalidArgument: DYNA_SECRET_KEY is no key; kCorrupt: another key, or damaged.
  [[nodiscard]] Result<std::string> find(std::string_view name) const override;

  /// Makes the state folder (0700) where it is missing; its parent must exist. A key that does not
  /// open the other secrets is kCorrupt: the new one would be the only one that it opens.
  [[nodiscard]] Result<SecretKept> set(std::string_view name, std::string_view value,
                                       Millis now) override;
  [[nodiscard]] Result<std::vector<KeptSecret>> list() const override;
  [[nodiscard]] Result<> remove(std::string_view name) override;

 private:
  StateLayout layout_;
};

}  // namespace cordyna
