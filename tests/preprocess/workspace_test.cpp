#include "workspace.hpp"

#include <fstream>

#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>

namespace tessera::preprocess {
namespace {

namespace fs = std::filesystem;

void write(fs::path const& path, std::string const& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
}

TEST(Workspace, ASecondJobIsRefusedBeforeItTouchesTheFirstOnesWork) {
    test::Scratch const scratch;
    Workspace first(base::local_files(), scratch / "store");
    first.prepare("first");
    write(first.path() / "shard-00000.h5.tmp", "tokens");
    Workspace second(base::local_files(), scratch / "store");
    EXPECT_THROW(second.prepare("second"), base::Error);
    EXPECT_EQ(base::read_text(first.path() / "shard-00000.h5.tmp"), "tokens");
}

TEST(Workspace, WorkOfTheSameJobStays) {
    test::Scratch const scratch;
    { Workspace(base::local_files(), scratch / "store").prepare("first"); }
    write(scratch / "store.partial" / "unit-00000.json", "{}");
    Workspace again(base::local_files(), scratch / "store");
    again.prepare("first");
    EXPECT_TRUE(fs::exists(again.path() / "unit-00000.json"));
}

TEST(Workspace, OtherSettingsBeginAnew) {
    test::Scratch const scratch;
    { Workspace(base::local_files(), scratch / "store").prepare("first"); }
    write(scratch / "store.partial" / "unit-00000.json", "{}");
    Workspace other(base::local_files(), scratch / "store");
    other.prepare("second");
    EXPECT_FALSE(fs::exists(other.path() / "unit-00000.json"));
}

TEST(Workspace, AStoreGivesWayOnlyWhenTold) {
    test::Scratch const scratch;
    Workspace workspace(base::local_files(), scratch / "store");
    workspace.prepare("job");
    write(scratch / "store" / "manifest.json", "of another run");
    write(scratch / "store.old" / "manifest.json", "a backup");
    EXPECT_THROW(workspace.publish(false), base::Error);
    EXPECT_EQ(base::read_text(scratch / "store" / "manifest.json"), "of another run");
    workspace.publish(true);
    EXPECT_FALSE(fs::exists(scratch / "store" / "manifest.json"));
    EXPECT_EQ(base::read_text(scratch / "store.old" / "manifest.json"), "a backup");
    EXPECT_FALSE(fs::exists(scratch / "store.replaced"));
}

}  // namespace
}  // namespace tessera::preprocess
