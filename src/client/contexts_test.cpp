#include "client/contexts.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace cordyna::client {
namespace {

namespace fs = std::filesystem;

class ContextsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cordyna-contexts-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    above_ = name;
    folder_ = above_ + "/config/cordyna";
  }
  void TearDown() override { fs::remove_all(above_); }

  [[nodiscard]] std::string file() const { return folder_ + "/contexts.json"; }
  void write(const std::string& text, mode_t mode = 0600) const {
    fs::create_directories(folder_);
    std::ofstream(file()) << text;
    ::chmod(file().c_str(), mode);
  }
  [[nodiscard]] static mode_t mode_of(const std::string& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
  }

  std::string above_;
  std::string folder_;
};

Context prod() {
  return {"prod", "https://dyna.example", "dyna_ab_secret\"\\", "user:ann", "/ca.pem", false, true};
}

TEST_F(ContextsTest, WithoutAFileThereAreNone) {
  const auto list = read_contexts(folder_);
  ASSERT_TRUE(list.has_value());
  EXPECT_TRUE(list->contexts.empty());
  EXPECT_TRUE(list->current.empty());
  EXPECT_FALSE(fs::exists(folder_)) << "reading makes nothing";
}

TEST_F(ContextsTest, WhatIsWrittenIsReadAgain) {
  const Context local{"a", "http://127.0.0.1:7070", {}, {}, {}, true, false};
  ASSERT_TRUE(change_contexts(folder_, [&](ContextList& list) -> Result<> {
                list.put(prod());
                list.put(local);
                list.current = "prod";
                return {};
              }).has_value());
  const auto list = read_contexts(folder_);
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->current, "prod");
  EXPECT_EQ(list->contexts, (std::vector<Context>{local, prod()})) << "in order of their names";
  EXPECT_EQ(*list->find_url("https://dyna.example"), prod());
  EXPECT_EQ(list->find("nobody"), nullptr);
}

TEST_F(ContextsTest, OnlyTheOwnerCanLookIntoIt) {
  ::umask(0);
  const auto written = change_contexts(folder_, [](ContextList& list) -> Result<> {
    list.put(prod());
    return {};
  });
  ::umask(022);
  ASSERT_TRUE(written.has_value());
  EXPECT_EQ(mode_of(folder_), 0700U);
  EXPECT_EQ(mode_of(file()), 0600U);
  EXPECT_FALSE(fs::exists(file() + ".new")) << "nothing is left beside it";
}

TEST_F(ContextsTest, AFileThatOthersCanReadIsRefused) {
  write("{\"version\":1}", 0640);
  const auto list = read_contexts(folder_);
  ASSERT_FALSE(list.has_value());
  EXPECT_EQ(list.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(list.error().message.contains("chmod 600")) << list.error().message;
}

TEST_F(ContextsTest, WhatIsNotOursIsRefusedAndNotOverwritten) {
  for (const char* text : {"", "{", "[]", "{\"version\":2}",
                           "{\"version\":1,\"contexts\":[{\"name\":\"a b\",\"url\":\"x\"}]}",
                           "{\"version\":1,\"contexts\":[{\"name\":\"a\"}]}"}) {
    write(text);
    const auto changed = change_contexts(folder_, [](ContextList&) -> Result<> { return {}; });
    ASSERT_FALSE(changed.has_value()) << text;
    EXPECT_EQ(changed.error().code, ErrorCode::kCorrupt) << text;
    std::ifstream in(file());
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), text);
  }
}

TEST_F(ContextsTest, AChangeThatFailsWritesNothing) {
  const auto changed = change_contexts(folder_, [](ContextList& list) -> Result<> {
    list.put(prod());
    return fail(ErrorCode::kNotFound, "no");
  });
  EXPECT_FALSE(changed.has_value());
  EXPECT_FALSE(fs::exists(file()));
}

TEST(ContextListTest, TheCurrentOneGoesWithItsContext) {
  ContextList list;
  list.put(prod());
  list.current = "prod";
  EXPECT_FALSE(list.remove("other"));
  EXPECT_EQ(list.current, "prod");
  EXPECT_TRUE(list.remove("prod"));
  EXPECT_EQ(list.current, "");
}

TEST(ContextsFolderTest, ConfigHomeGoesBeforeHome) {
  EXPECT_EQ(*contexts_folder("/c", "/h"), "/c/cordyna");
  EXPECT_EQ(*contexts_folder("", "/h"), "/h/.config/cordyna");
  EXPECT_FALSE(contexts_folder("", "").has_value());
  EXPECT_FALSE(contexts_folder("relative", "/h").has_value());
}

struct AddressCase {
  const char* text;
  bool insecure;
  const char* address;  // null: refused
};

class ServerAddressTest : public testing::TestWithParam<AddressCase> {};

TEST_P(ServerAddressTest, IsTakenOrRefused) {
  const auto& [text, insecure, address] = GetParam();
  const auto found = server_address(text, insecure);
  if (address == nullptr) {
    ASSERT_FALSE(found.has_value()) << *found;
    EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument);
    return;
  }
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_EQ(*found, address);
}

INSTANTIATE_TEST_SUITE_P(
    Addresses, ServerAddressTest,
    testing::Values(AddressCase{"https://Dyna.Example/", false, "https://dyna.example"},
                    AddressCase{"https://dyna.example:443", false, "https://dyna.example"},
                    AddressCase{"dyna.example", false, "https://dyna.example"},
                    AddressCase{"https://dyna.example:8443/api/v1", false,
                                "https://dyna.example:8443"},
                    AddressCase{"http://127.0.0.1:7070", false, "http://127.0.0.1:7070"},
                    AddressCase{"http://[::1]:7070/", false, "http://[::1]:7070"},
                    AddressCase{"http://localhost", false, "http://localhost"},
                    AddressCase{"http://dyna.example", false, nullptr},
                    AddressCase{"http://dyna.example", true, "http://dyna.example"},
                    AddressCase{"http://127.0.0.1.example", false, nullptr},
                    AddressCase{"http://localhost.example", false, nullptr},
                    AddressCase{"https://dyna.example/other", false, nullptr},
                    AddressCase{"https://ann:pw@dyna.example", false, nullptr},
                    AddressCase{"ftp://dyna.example", false, nullptr},
                    AddressCase{"", false, nullptr}));

TEST(ContextNameTest, NamesAreWordsThatNoShellTakesApart) {
  for (const char* name : {"prod", "a.b-c_d", "7", "dyna.example-8443"}) {
    EXPECT_TRUE(is_context_name(name)) << name;
  }
  for (const char* name : {"", "local", "-a", ".a", "a b", "a/b", "a:b", "ä"}) {
    EXPECT_FALSE(is_context_name(name)) << name;
  }
  EXPECT_FALSE(is_context_name(std::string(65, 'a')));
  EXPECT_EQ(name_for("https://dyna.example"), "dyna.example");
  EXPECT_EQ(name_for("http://127.0.0.1:7070"), "127.0.0.1-7070");
  EXPECT_EQ(name_for("http://[::1]:7070"), "1-7070");
}

}  // namespace
}  // namespace cordyna::client
