/// The input of a flow's trigger: made, and what it needs at its source, installed and taken away.
///
/// Threads: any.
#pragma once

#include <compare>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "cordyna/input.hpp"
#include "model/flow.hpp"
#include "ports/secrets.hpp"

namespace cordyna::input {

struct FlowInputId {
  std::string ns;
  std::string flow_id;
  std::string trigger;
  auto operator<=>(const FlowInputId&) const = default;

  /// "acme/orders/rows", which is also what its position is kept under.
  [[nodiscard]] std::string text() const;
  /// "acme.orders.rows"
  [[nodiscard]] std::string dotted() const;
  /// As a database knows it: `dotted`; of one that is too long for that, the beginning and a hash.
  [[nodiscard]] std::string short_text() const;
};

/// Folders that it names are from the flow's own: in the trigger that is made an input, absolute.
[[nodiscard]] TriggerSpec with_absolute_folders(TriggerSpec spec, const std::string& folder);

/// `spec` with absolute folders. Errors: those of the secrets; kInvalidArgument: the connection, or
/// what it is to listen to.
[[nodiscard]] Result<std::unique_ptr<Input>> make_flow_input(const FlowInputId& id,
                                                             const TriggerSpec& spec,
                                                             const Secrets& secrets);

/// As install_postgres_input and remove_postgres_input. Errors: theirs, and those of the secrets;
/// kInvalidArgument: nothing is installed for a trigger of this type.
[[nodiscard]] Result<> install_flow_input(const FlowInputId& id, const TriggerSpec& spec,
                                          const Secrets& secrets);
[[nodiscard]] Result<> remove_flow_input(const FlowInputId& id, const TriggerSpec& spec,
                                         const Secrets& secrets);

}  // namespace cordyna::input
