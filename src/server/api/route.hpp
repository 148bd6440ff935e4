/// The table of all routes. It decides what is answered, who may ask, how what is asked is checked,
/// and it is what the OpenAPI document says: nothing else does.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/identity.hpp"

namespace cordyna::server {

class Api;
struct Call;

/// Stands for no namespace in a path.
inline constexpr std::string_view kNoNamespace = "_";

enum class ValueType : std::uint8_t {
  kString,
  kInteger,
  kBoolean,
  kTime,    ///< "2026-01-02T03:04:05.678Z"; seconds and below may be missing
  kObject,  ///< any JSON object
  kStrings,
  kRef,   ///< an object as `ref` says
  kRefs,  ///< a list of such
  kAny,
};

/// A field of an object, or a parameter of a query.
struct Field {
  std::string_view name;
  ValueType type = ValueType::kString;
  bool required = false;
  std::string_view text;                       ///< what it is, for people
  std::span<const std::string_view> values{};  ///< kString: only these
  std::string_view ref{};                      ///< kRef, kRefs: name of an ObjectSpec
  std::int64_t min = 0;                        ///< kInteger
  std::int64_t max = 0;                        ///< kInteger; 0: none
};

/// The shape of a body. Bodies of requests have these fields and no others.
struct ObjectSpec {
  std::string_view name;
  std::string_view text;
  std::span<const Field> fields;
};

/// Of what the caller's role is asked.
enum class Scope : std::uint8_t {
  kPublic,     ///< nothing: everybody may
  kSelf,       ///< only that the caller is known
  kAnywhere,   ///< the role in some namespace; the handler shows only what the caller may see
  kNamespace,  ///< the path names it: {namespace}
  kRun,        ///< that of the run {run}, which the handler finds with Call::run
  kServer,     ///< the role in all namespaces
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
[[nodiscard]] std::span<const ObjectSpec* const> object_specs();

}  // namespace cordyna::server
