#include "gpu.hpp"

#include <array>
#include <filesystem>
#include <sstream>

#include <dlfcn.h>
#include <fmt/format.h>

namespace tessera::doctor {

namespace {

constexpr int major_attribute = 75;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
constexpr int minor_attribute = 76;

/// The driver's own interface, asked at run time: a build for processors names no part of CUDA.
class Driver {
  public:
    Driver() : library_(::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL)) {
        if (library_ == nullptr) error_ = ::dlerror();
    }

    std::string const& error() const { return error_; }

    template <class... Args>
    bool call(char const* function, Args... args) {
        if (library_ == nullptr) return false;
        using Function = int (*)(Args...);
        auto const address = reinterpret_cast<Function>(::dlsym(library_, function));
        auto const result = address == nullptr ? -1 : address(args...);
        if (result != 0) error_ = fmt::format("{} gives error {}", function, result);
        return result == 0;
    }

  private:
    void* library_;
    std::string error_;
};

Gpu ask(Driver& driver, int number) {
    int device = 0;
    std::array<char, 128> name{};
    std::array<unsigned char, 16> uuid{};
    int major = 0;
    int minor = 0;
    driver.call("cuDeviceGet", &device, number);
    driver.call("cuDeviceGetName", name.data(), static_cast<int>(name.size()), device);
    driver.call("cuDeviceGetUuid", uuid.data(), device);
    driver.call("cuDeviceGetAttribute", &major, major_attribute, device);
    driver.call("cuDeviceGetAttribute", &minor, minor_attribute, device);
    std::string text;
    for (auto const byte : uuid) text += fmt::format("{:02x}", byte);
    return {name.data(), text, major * 10 + minor};
}

int device_files() {
    int count = 0;
    std::error_code error;
    while (std::filesystem::exists(fmt::format("/dev/nvidia{}", count), error)) ++count;
    return count;
}

std::vector<int> pinned_architectures() {
    std::istringstream words(TESSERA_GPU_ARCHITECTURES);
    std::vector<int> result;
    for (int one = 0; words >> one;) result.push_back(one);
    return result;
}

#ifdef TESSERA_CUDA
std::string nccl_version() {
    auto* const library = ::dlopen("libnccl.so.2", RTLD_LAZY | RTLD_LOCAL);
    if (library == nullptr) return {};
    using GetVersion = int (*)(int*);
    auto const get = reinterpret_cast<GetVersion>(::dlsym(library, "ncclGetVersion"));
    int version = 0;  // 22705 is 2.27.5
    if (get == nullptr || get(&version) != 0) return {};
    return fmt::format("{}.{}.{}", version / 10000, version % 10000 / 100, version % 100);
}
#endif

}  // namespace

GpuFacts gpu_facts() {
    GpuFacts facts;
    facts.device_files = device_files();
    facts.architectures = pinned_architectures();
#ifdef TESSERA_CUDA
    facts.cuda_build = true;
    facts.nccl = nccl_version();
#endif
    Driver driver;
    int count = 0;
    if (driver.call("cuInit", 0U) && driver.call("cuDeviceGetCount", &count)) {
        driver.call("cuDriverGetVersion", &facts.driver);
        for (int i = 0; i < count; ++i) facts.gpus.push_back(ask(driver, i));
    }
    facts.error = driver.error();
    return facts;
}

}  // namespace tessera::doctor
