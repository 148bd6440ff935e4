#include "input/host/flow_input.hpp"

#include <gtest/gtest.h>

namespace cordyna::input {
namespace {

class NoSecrets final : public Secrets {
 public:
  Result<std::string> find(std::string_view name) const override {
    return fail(ErrorCode::kNotFound, std::string(name));
  }
};

TriggerSpec of_files(const std::string& folder, const std::string& archive) {
  TriggerSpec spec;
  spec.id = "files";
  spec.type = TriggerType::kFile;
  spec.file.folder = folder;
  spec.file.archive = archive;
  return spec;
}

TEST(FlowInput, FoldersAreFromTheFlowsOwn) {
  const TriggerSpec from_here = with_absolute_folders(of_files("inbox", "../done"), "/flows/a");
  EXPECT_EQ(from_here.file.folder, "/flows/a/inbox");
  EXPECT_EQ(from_here.file.archive, "/flows/done");
  const TriggerSpec absolute = with_absolute_folders(of_files("/in", ""), "/flows/a");
  EXPECT_EQ(absolute.file.folder, "/in");
  EXPECT_EQ(absolute.file.archive, "");
}

TEST(FlowInput, OfFilesWantsWhatIsNewAndChangedUnlessItIsToldOtherwise) {
  const NoSecrets secrets;
  const FlowInputId id{"acme", "orders", "files"};
  TriggerSpec spec = of_files("/in", "");
  const auto usual = make_flow_input(id, spec, secrets);
  ASSERT_TRUE(usual.has_value()) << usual.error().message;
  EXPECT_EQ((*usual)->id(), "acme.orders.files");
  EXPECT_EQ((*usual)->operations(), (std::vector{Operation::kCreate, Operation::kUpdate}));
  spec.listen.operations = {"delete"};
  EXPECT_EQ((*make_flow_input(id, spec, secrets))->operations(), std::vector{Operation::kDelete});
  spec.file.archive = "/in";
  EXPECT_EQ(make_flow_input(id, spec, secrets).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace cordyna::input
