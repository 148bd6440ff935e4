/// The table of all routes. It decides what is answered, who may ask, how what is asked is checked,
/// and it is what the OpenAPI document says: nothing else does.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/identity.hpp"
#include "shape/shape.hpp"

namespace cordyna::server {

class Api;
struct Call;

/// Stands for no namespace in a path.
inline constexpr std::string_view kNoNamespace = "_";

using shape::Field;
using shape::ObjectSpec;  // bodies of requests have its fields and no others
using shape::ValueType;

/// Of what the caller's role is asked.
enum class Scope : std::uint8_t {
  kPublic,      ///< nothing: everybody may
  kSelf,        ///< only that the caller is known
  kAnywhere,    ///< the role in some namespace; the handler shows only what the caller may see
  kNamespace,   ///< the path names it: {namespace}
  kRun,         ///< that of the run {run}, which the handler finds with Call::run
  kServer,      ///< the role in all namespaces
  kTaskServer,  ///< whoever speaks for task servers of some team; the handler looks which
};

struct Route {
  std::string_view method;
  std::string_view path;  ///< "/api/v1/runs/{run}/logs"
  std::string_view id;    ///< operationId
  std::string_view tag;
  Role role = Role::kAdmin;
  Scope scope = Scope::kServer;
  std::string_view summary;
  void (*handler)(Api& api, Call& call) = nullptr;
  std::span<const Field> query{};
  const ObjectSpec* body = nullptr;    ///< JSON; null: no body
  std::string_view body_type{};        ///< another content type, without `body`
  int status = 200;                    ///< of success
  const ObjectSpec* answer = nullptr;  ///< null: none, or as `answer_type` says
  std::string_view answer_type = "application/json";
  std::size_t body_bytes = 0;  ///< 0: the server's limit
  bool or_200 = false;         ///< the same answer may come with this status
  bool free_form = false;      ///< takes any query, and any body or none: the handler looks
};

/// All of them, in the order of the document.
[[nodiscard]] std::span<const Route> routes();
[[nodiscard]] shape::Specs object_specs();

}  // namespace cordyna::server
