#include "shape/schema.hpp"

#include <fmt/format.h>

#include <mutex>
#include <utility>

#include "base/text.hpp"
#include "rust/schema_ffi.h"

namespace cordyna::shape {
namespace {

DynaBytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string string_of(DynaBytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data), bytes.size};
}

void add_flaw(void* self, DynaBytes at, DynaBytes message) {
  static_cast<std::vector<Flaw>*>(self)->push_back({string_of(at), string_of(message)});
}

/// A bug of the library is a flaw of what it was given: that is refused, and the rest goes on.
std::vector<Flaw> told(int32_t status, std::vector<Flaw> flaws) {
  if (status != DYNA_SCHEMA_BROKEN) return flaws;
  for (Flaw& flaw : flaws) flaw.detail = "cannot be checked (a bug): " + flaw.detail;
  return flaws;
}

class Compiled final : public ValueCheck {
 public:
  explicit Compiled(DynaSchema* schema) : schema_(schema) {}

  [[nodiscard]] std::vector<Flaw> flaws_of(std::string_view json) const override {
    std::vector<Flaw> flaws;
    const DynaFindings findings{&flaws, &add_flaw};
    const int32_t status = dyna_schema_check(schema_.get(), bytes_of(json), &findings);
    return told(status, std::move(flaws));
  }

 private:
  struct Free {
    void operator()(DynaSchema* schema) const { dyna_schema_free(schema); }
  };
  std::unique_ptr<DynaSchema, Free> schema_;
};

class Lazy final : public ValueCheck {
 public:
  explicit Lazy(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] std::vector<Flaw> flaws_of(std::string_view json) const override {
    std::call_once(once_, [this] { compiled_ = compile_schema(text_); });
    if (const auto* check = std::get_if<std::shared_ptr<const ValueCheck>>(&compiled_)) {
      return (*check)->flaws_of(json);
    }
    std::vector<Flaw> flaws;
    for (const Flaw& flaw : std::get<std::vector<Flaw>>(compiled_)) {
      flaws.push_back({"#", fmt::format("its schema is none: {}: {}", flaw.at, flaw.detail)});
    }
    return flaws;
  }

 private:
  std::string text_;
  mutable std::once_flag once_;
  mutable SchemaOrFlaws compiled_;
};

}  // namespace

SchemaOrFlaws compile_schema(std::string_view text) {
  if (text.size() > kSchemaBytesMax) {
    return std::vector<Flaw>{
        {"#", fmt::format("has {} bytes; a schema has at most {}", text.size(), kSchemaBytesMax)}};
  }
  std::vector<Flaw> flaws;
  const DynaFindings findings{&flaws, &add_flaw};
  DynaSchema* schema = nullptr;
  const int32_t status = dyna_schema_compile(bytes_of(text), &schema, &findings);
  if (status != DYNA_SCHEMA_OK) return told(status, std::move(flaws));
  return std::make_shared<const Compiled>(schema);
}

std::string as_line(const std::vector<Flaw>& flaws, std::string_view place) {
  std::string text;
  for (const Flaw& flaw : flaws) {
    text += fmt::format("{}{}{} {}", text.empty() ? "" : "; ", place, flaw.at.substr(1),
                        printable(flaw.detail));
  }
  return text;
}

std::shared_ptr<const ValueCheck> schema_when_needed(std::string text) {
  return std::make_shared<const Lazy>(std::move(text));
}

}  // namespace cordyna::shape
