#include "workspace.hpp"

#include <fstream>

#include <failing_files.hpp>
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

constexpr char const* manifest =
    "{\n  \"checksum\": \"0\",\n  \"format\": \"tessera-token-store\",\n";

TEST(Workspace, AStoreGivesWayOnlyWhenTold) {
    test::Scratch const scratch;
    Workspace workspace(base::local_files(), scratch / "store");
    workspace.prepare("job");
    write(scratch / "store" / "manifest.json", manifest);
    write(scratch / "store.old" / "manifest.json", "a backup");
    EXPECT_THROW(workspace.publish(false), base::Error);
    EXPECT_EQ(base::read_text(scratch / "store" / "manifest.json"), manifest);
    workspace.publish(true);
    EXPECT_TRUE(fs::exists(scratch / "store"));
    EXPECT_FALSE(fs::exists(scratch / "store" / "manifest.json"));
    EXPECT_EQ(base::read_text(scratch / "store.old" / "manifest.json"), "a backup");
    EXPECT_FALSE(fs::exists(scratch / "store.replaced"));
}

TEST(Workspace, NothingButAStoreGivesWay) {
    test::Scratch const scratch;
    EXPECT_NO_THROW(require_place(scratch / "store", false));
    fs::create_directory(scratch / "store");
    EXPECT_THROW(require_place(scratch / "store", false), base::Error);
    EXPECT_NO_THROW(require_place(scratch / "store", true));
    write(scratch / "store" / "a.pcap", "packets");
    EXPECT_THROW(require_place(scratch / "store", true), base::Error);
    write(scratch / "store" / "manifest.json", R"({"name": "a web application"})");
    EXPECT_THROW(require_place(scratch / "store", true), base::Error);
    write(scratch / "store" / "manifest.json", manifest);
    EXPECT_NO_THROW(require_place(scratch / "store", true));
    EXPECT_NO_THROW(require_place(scratch / "store/", true));
    write(scratch / "store.replaced" / "manifest.json", manifest);
    EXPECT_THROW(require_place(scratch / "store", true), base::Error);
    EXPECT_THROW(require_place(scratch / "store/", true), base::Error);
}

TEST(Workspace, AFolderOfOthersIsNotCleared) {
    test::Scratch const scratch;
    write(scratch / "store.partial" / "thesis.tex", "years");
    Workspace workspace(base::local_files(), scratch / "store");
    EXPECT_THROW(workspace.prepare("job"), base::Error);
    EXPECT_EQ(base::read_text(scratch / "store.partial" / "thesis.tex"), "years");
}

TEST(Workspace, ARunThatStoppedAtItsBeginningCanBeBegunAgain) {
    test::Scratch const scratch;
    write(scratch / "store.partial" / ".lock", "");
    write(scratch / "store.partial" / "job.txt.tmp", "jo");
    Workspace workspace(base::local_files(), scratch / "store");
    workspace.prepare("job");
    EXPECT_EQ(base::read_text(scratch / "store.partial" / "job.txt"), "job");
}

TEST(Workspace, TellsWhatWouldBeRemovedWithIt) {
    test::Scratch const scratch;
    write(scratch / "store" / "in" / "a.pcap", "");
    write(scratch / "store.partial" / "a.pcap", "");
    write(scratch / "store2" / "a.pcap", "");
    fs::create_directory_symlink(scratch / "store", scratch / "link");
    for (auto const* inside : {"store/in/a.pcap", "link/in/a.pcap", "store.partial/a.pcap"}) {
        EXPECT_TRUE(would_be_removed(scratch / "store", scratch / inside)) << inside;
    }
    EXPECT_TRUE(would_be_removed(scratch / "store/", scratch / "store/in/a.pcap"));
    EXPECT_FALSE(would_be_removed(scratch / "store", scratch / "store2/a.pcap"));
    EXPECT_FALSE(would_be_removed(scratch / "other", scratch / "store/in/a.pcap"));
}

// The last step that can fail: what was done until then must not be done again.
TEST(Workspace, WorkStaysUntilTheStoreIsPublished) {
    test::Scratch const scratch;
    Workspace(base::local_files(), scratch / "store").prepare("job");
    write(scratch / "store.partial" / "unit-00000.json", "{}");
    write(scratch / "store.partial" / "shard-00000.h5", "tokens");
    for (int calls = 0; !fs::exists(scratch / "store"); ++calls) {
        ASSERT_TRUE(fs::exists(scratch / "store.partial" / "job.txt")) << calls;
        ASSERT_TRUE(fs::exists(scratch / "store.partial" / "unit-00000.json")) << calls;
        test::FailingFiles files(calls);
        try {
            Workspace(files, scratch / "store").publish(false);
        } catch (base::Error const&) {
            EXPECT_TRUE(files.has_failed());
        }
    }
}

TEST(Workspace, NotesAreDroppedAndOnesThatStayDoNoHarm) {
    test::Scratch const scratch;
    for (auto const* store : {"a", "b"}) {
        Workspace(base::local_files(), scratch / store).prepare("job");
        write((scratch / store).concat(".partial") / "unit-00000.json", "{}");
    }
    Workspace(base::local_files(), scratch / "a").publish(false);
    EXPECT_TRUE(fs::is_empty(scratch / "a"));
    constexpr int until_published = 3;  // sync, rename, sync
    test::FailingFiles files(until_published);
    EXPECT_NO_THROW(Workspace(files, scratch / "b").publish(false));
    EXPECT_TRUE(files.has_failed());
    EXPECT_TRUE(fs::exists(scratch / "b"));
}

}  // namespace
}  // namespace tessera::preprocess
