#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>

namespace tessera::base {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_system(char const* action, fs::path const& path, int error,
                              std::string const& detail = {}) {
    fail(ExitCode::environment, "cannot {} '{}'{}: {}", action, printable(path.string()), detail,
         std::strerror(error));
}

class LocalOutputFile final : public OutputFile {
  public:
    explicit LocalOutputFile(fs::path path) : path_(std::move(path)) {
        descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (descriptor_ < 0) fail_system("create", path_, errno);
    }
    ~LocalOutputFile() override {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    LocalOutputFile(LocalOutputFile const&) = delete;
    LocalOutputFile& operator=(LocalOutputFile const&) = delete;

    void write(ByteSpan bytes) override {
        auto left = bytes;
        while (!left.empty()) {
            auto const written = ::write(descriptor_, left.data(), left.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) {
                fail_system("write", path_, errno, fmt::format(" ({} bytes needed)", left.size()));
            }
            left = left.subspan(static_cast<std::size_t>(written));
        }
        start_writing_back(bytes.size());
    }

    void sync() override {
        if (::fsync(descriptor_) != 0) fail_system("sync", path_, errno);
    }

    void close() override {
        if (::close(std::exchange(descriptor_, -1)) != 0) fail_system("close", path_, errno);
    }

  private:
    // Large pieces go on to the device while the next ones are made, so that a sync finds little
    // left. Advice: what it could not do, the sync does.
    void start_writing_back(std::size_t size) {
        constexpr off_t large = off_t{1} << 20U;
        size_ += static_cast<off_t>(size);
        if (size_ - started_ < large) return;
        ::sync_file_range(descriptor_, started_, size_ - started_, SYNC_FILE_RANGE_WRITE);
        started_ = size_;
    }

    fs::path path_;
    int descriptor_ = -1;
    off_t size_ = 0;
    off_t started_ = 0;  // what lies before is on its way to the device
};

// fsync through a descriptor of its own: the way for folders and for files a library wrote.
void sync_path(fs::path const& path, int flags) {
    auto const descriptor = ::open(path.c_str(), flags | O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) fail_system("open", path, errno);
    auto const result = ::fsync(descriptor);
    auto const error = errno;
    ::close(descriptor);
    if (result != 0) fail_system("sync", path, error);
}

class LocalFileSystem final : public FileSystem {
  public:
    std::unique_ptr<OutputFile> create(fs::path const& path) override {
        return std::make_unique<LocalOutputFile>(path);
    }
    void sync_file(fs::path const& path) override { sync_path(path, 0); }
    void sync_folder(fs::path const& folder) override { sync_path(folder, O_DIRECTORY); }
    void rename(fs::path const& from, fs::path const& to) override {
        if (::rename(from.c_str(), to.c_str()) != 0) {
            fail_system("rename to", to, errno);
        }
    }
    void remove(fs::path const& path) override {
        std::error_code error;
        fs::remove_all(path, error);
        if (error) fail_system("remove", path, error.value());
    }
};

fs::path folder_of(fs::path const& path) {
    return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

FileSystem& local_files() {
    static LocalFileSystem files;
    return files;
}

fs::path aside_of(fs::path const& path) {
    return fs::path(path).concat(".tmp");
}

void publish(FileSystem& files, fs::path const& path,
             std::function<void(fs::path const&)> const& write) {
    auto const aside = aside_of(path);
    try {
        write(aside);
        files.sync_file(aside);
        files.rename(aside, path);
    } catch (...) {
        std::error_code ignored;
        fs::remove(aside, ignored);
        throw;
    }
    files.sync_folder(folder_of(path));
}

void publish(FileSystem& files, fs::path const& path, std::string_view text) {
    publish(files, path, [&](fs::path const& aside) {
        auto file = files.create(aside);
        file->write(std::as_bytes(std::span(text)));
        file->close();
    });
}

void publish_folder(FileSystem& files, fs::path const& from, fs::path const& to) {
    files.sync_folder(from);
    files.rename(from, to);
    files.sync_folder(folder_of(to));
}

std::string read_text(fs::path const& path, std::size_t limit) {
    auto const descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    auto const shown = printable(path.string());
    validate(descriptor >= 0, ExitCode::bad_input, "cannot open '{}': {}", shown,
             std::strerror(errno));
    std::string text;
    std::string piece(std::size_t{1} << 16U, '\0');
    for (;;) {
        auto const got = ::read(descriptor, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || text.size() > limit) {
            auto const error = errno;
            ::close(descriptor);
            validate(got >= 0, ExitCode::bad_input, "cannot read '{}' at byte {}: {}", shown,
                     text.size(), std::strerror(error));
            break;
        }
        text.append(piece, 0, static_cast<std::size_t>(got));
    }
    validate(text.size() <= limit, ExitCode::bad_input, "'{}' is larger than the {} bytes allowed",
             shown, limit);
    return text;
}

}  // namespace tessera::base
