#include "work.hpp"

#include <fstream>

#include <capture_builder.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>

namespace tessera::preprocess {
namespace {

using testing::HasSubstr;

class FindWork : public testing::Test {
  protected:
    FindWork() {
        test::save(scratch_ / "a.pcap", test::PcapWriter().bytes());
        std::ofstream(scratch_ / "key") << std::string(64, '7') << '\n';
        config_.input = {(scratch_ / "a.pcap").string()};
    }

    std::string fault() const {
        try {
            find_work(config_);
        } catch (base::Error const& error) {
            EXPECT_EQ(error.code(), base::ExitCode::usage);
            return error.what();
        }
        return "no error";
    }

    test::Scratch scratch_;
    PreprocessConfig config_;
};

TEST_F(FindWork, AnonymisedTakesOuterDatagramsWithHiddenPayloadOnly) {
    config_.anonymise = scratch_ / "key";
    config_.token.tunnels = "outer";
    EXPECT_THAT(fault(), HasSubstr("--tunnels outer"));
    config_.token.masking = "P1";
    EXPECT_THAT(fault(), HasSubstr("--tunnels outer"));
    config_.token.masking = "headers-only";
    EXPECT_EQ(fault(), "no error");
    config_.token = {};
    EXPECT_EQ(fault(), "no error");
}

TEST_F(FindWork, LabelsByFolderCountTheCapturesWithoutOne) {
    for (auto const* name : {"mail/1.pcap", "web/1.pcap", "web/2.pcap", "other/3.pcap"}) {
        std::filesystem::create_directories((scratch_ / name).parent_path());
        test::save(scratch_ / name, test::PcapWriter().bytes());
    }
    config_.labels = "folders";
    config_.input = {(scratch_ / "mail").string(), (scratch_ / "web").string(),
                     (scratch_ / "other").string()};
    auto const work = find_work(config_);
    EXPECT_EQ(work.rules.sets().at(0).classes, (std::vector<std::string>{"mail", "web"}));
    EXPECT_EQ(work.unlabelled, 1U);
}

TEST_F(FindWork, WorkOfAnotherBuildIsAnotherJob) {
    auto const work = find_work(config_);
    auto build = base::build_info();
    EXPECT_EQ(work.job, job_of(config_, work, build));
    build.revision += "1";
    EXPECT_NE(work.job, job_of(config_, work, build));
}

}  // namespace
}  // namespace tessera::preprocess
