// The NCCL back end against a recording stand-in of NCCL and CUDA: which calls it makes, in which
// order, and what it does when they fail. Compiled as for GPUs, run without one.
#include <array>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/cuda/CUDAStream.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nccl.h>

#include <tessera/base/error.hpp>
#include <tessera/device/device_collectives.hpp>

namespace {

/// What was called, and how the stand-in answers.
struct Record {
    std::vector<std::string> calls;
    int polls_until_connected = 3;     // -1: never
    ncclResult_t later = ncclSuccess;  // of ncclCommGetAsyncError once connected
    ncclResult_t of_call = ncclSuccess;
    bool connected = false;
};
Record record;

int const stream_place = 0;
int const comm_place = 0;

ncclComm_t the_comm() {
    return const_cast<ncclComm_t>(
        static_cast<ncclComm const*>(static_cast<void const*>(&comm_place)));
}

}  // namespace

char const* cudaGetErrorString(cudaError_t) {
    return "a CUDA error";
}
cudaError_t cudaSetDevice(int device) {
    record.calls.push_back(fmt::format("set device {}", device));
    return cudaSuccess;
}
cudaError_t cudaDeviceGetPCIBusId(char* text, int size, int device) {
    fmt::format_to_n(text, static_cast<std::size_t>(size - 1), "0000:0{}:00.0", device);
    return cudaSuccess;
}
namespace c10::cuda {
cudaStream_t CUDAStream::stream() const {
    return const_cast<int*>(&stream_place);
}
CUDAStream getCurrentCUDAStream(c10::DeviceIndex) {
    return {};
}
}  // namespace c10::cuda

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
    *id = {};
    id->internal[5] = 'x';
    record.calls.emplace_back("id");
    return ncclSuccess;
}
ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int ranks, ncclUniqueId id, int rank,
                                    ncclConfig_t* config) {
    record.calls.push_back(fmt::format("init rank {} of {}, id {}, blocking {}", rank, ranks,
                                       id.internal[5], config->blocking));
    *comm = the_comm();
    return ncclInProgress;
}
ncclResult_t ncclCommGetAsyncError(ncclComm_t, ncclResult_t* error) {
    if (!record.connected && record.polls_until_connected-- != 0) {
        *error = ncclInProgress;
        return ncclSuccess;
    }
    record.connected = true;
    *error = record.later;
    return ncclSuccess;
}
ncclResult_t ncclAllReduce(void const* send, void* receive, std::size_t count, ncclDataType_t type,
                           ncclRedOp_t, ncclComm_t comm, cudaStream_t stream) {
    EXPECT_EQ(comm, the_comm());
    EXPECT_EQ(stream, &stream_place);
    EXPECT_EQ(send, receive);
    record.calls.push_back(fmt::format("sum {} of type {}", count, static_cast<int>(type)));
    return record.of_call;
}
ncclResult_t ncclBroadcast(void const* send, void* receive, std::size_t count, ncclDataType_t type,
                           int root, ncclComm_t, cudaStream_t) {
    EXPECT_EQ(send, receive);
    record.calls.push_back(
        fmt::format("broadcast {} of type {} from {}", count, static_cast<int>(type), root));
    return record.of_call;
}
ncclResult_t ncclCommAbort(ncclComm_t) {
    record.calls.emplace_back("abort");
    return ncclSuccess;
}
char const* ncclGetErrorString(ncclResult_t) {
    return "unhandled system error";
}
char const* ncclGetLastError(ncclComm_t) {
    return "peer gone";
}

namespace tessera::device {
namespace {

using Calls = std::vector<std::string>;

class NcclCalls : public testing::Test {
  protected:
    void SetUp() override { record = {}; }

    static std::unique_ptr<DeviceCollectives> connected() {
        auto result = make_device_collectives(comm::Communicator(), 0, std::chrono::seconds(5));
        record.calls.clear();
        return result;
    }

    /// `count` elements that claim to lie on a GPU.
    at::Tensor on_gpu(std::int64_t count, at::ScalarType type, c10::DeviceIndex device = 0) {
        c10::DataPtr memory(memory_.data(), c10::Device(c10::kCUDA, device));
        c10::Storage storage(c10::Storage::use_byte_size_t(), memory_.size(), std::move(memory));
        auto tensor = at::detail::make_tensor<c10::TensorImpl>(
            std::move(storage), c10::DispatchKeySet(c10::DispatchKey::CUDA),
            c10::scalarTypeToTypeMeta(type));
        tensor.unsafeGetTensorImpl()->set_sizes_contiguous({count});
        return tensor;
    }

    std::array<char, 256> memory_{};
};

TEST_F(NcclCalls, ConnectsWithoutBlockingAndAbortsOnceAtTheEnd) {
    make_device_collectives(comm::Communicator(), 0, std::chrono::seconds(5));
    EXPECT_EQ(record.calls,
              (Calls{"id", "set device 0", "init rank 0 of 1, id x, blocking 0", "abort"}));
}

TEST_F(NcclCalls, GivesUpWhenARankNeverComes) {
    record.polls_until_connected = -1;
    try {
        make_device_collectives(comm::Communicator(), 0, std::chrono::seconds(0));
        FAIL() << "connected";
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::environment);
        EXPECT_NE(std::string(error.what()).find("did not connect"), std::string::npos);
    }
    EXPECT_EQ(record.calls.back(), "abort");
}

TEST_F(NcclCalls, CountsElementsOfASumAndBytesOfABroadcast) {
    auto const collectives = connected();
    collectives->all_reduce(on_gpu(10, at::kFloat));
    collectives->all_reduce(on_gpu(11, at::kHalf));
    collectives->all_reduce(on_gpu(12, at::kBFloat16));
    collectives->broadcast(on_gpu(10, at::kLong), 0);
    EXPECT_EQ(record.calls, (Calls{"sum 10 of type 7", "sum 11 of type 6", "sum 12 of type 9",
                                   "broadcast 80 of type 1 from 0"}));
}

TEST_F(NcclCalls, RefusesTensorsThatLieElsewhereOrCannotBeSummed) {
    auto const collectives = connected();
    EXPECT_THROW(collectives->all_reduce(on_gpu(4, at::kFloat, 1)), base::Error);
    EXPECT_THROW(collectives->all_reduce(on_gpu(4, at::kLong)), base::Error);
    EXPECT_TRUE(record.calls.empty());
}

TEST_F(NcclCalls, ACallThatFailsSaysWhatNcclSays) {
    auto const collectives = connected();
    record.of_call = ncclSystemError;
    try {
        collectives->all_reduce(on_gpu(4, at::kFloat));
        FAIL() << "went on";
    } catch (base::Error const& error) {
        EXPECT_STREQ(error.what(), "ncclAllReduce failed: unhandled system error (peer gone)");
    }
}

TEST_F(NcclCalls, WaitsUntilACallThatStillConnectsHasQueuedItsWork) {
    auto const collectives = connected();
    record.of_call = ncclInProgress;
    record.connected = false;
    record.polls_until_connected = 2;
    collectives->all_reduce(on_gpu(4, at::kFloat));
    EXPECT_TRUE(record.connected);
    record.later = ncclSystemError;
    EXPECT_THROW(collectives->all_reduce(on_gpu(4, at::kFloat)), base::Error);
}

TEST_F(NcclCalls, ALostPeerComesOutOfTheCheck) {
    auto const collectives = connected();
    EXPECT_NO_THROW(collectives->check());
    record.later = ncclSystemError;
    EXPECT_THROW(collectives->check(), base::Error);
}

TEST_F(NcclCalls, AWatchdogMayAbortFirst) {
    auto collectives = connected();
    collectives->abort();
    collectives.reset();
    EXPECT_EQ(record.calls, Calls{"abort"});
}

}  // namespace
}  // namespace tessera::device
