#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/device/device_collectives.hpp>

namespace tessera::device {
namespace {

#ifndef TESSERA_CUDA
TEST(DeviceCollectives, SayThatTheBuildHasNone) {
    try {
        make_device_collectives(comm::Communicator(), 0, std::chrono::seconds(1));
        FAIL();
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::environment);
    }
}
#endif

}  // namespace
}  // namespace tessera::device
