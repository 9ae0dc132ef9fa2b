#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>

namespace tessera::test {

/// The local disk until the n-th call, which fails, and every later one too.
class FailingFiles final : public base::FileSystem {
  public:
    /// Below 0: never.
    explicit FailingFiles(int calls) : left_(calls), fails_(calls >= 0) {}

    /// What it does before each file is made; for tests that change the world meanwhile.
    std::function<void()> on_create;

    bool has_failed() const { return failed_; }

    std::unique_ptr<base::OutputFile> create(std::filesystem::path const& path) override {
        count("create", path);
        if (on_create) on_create();
        return std::make_unique<File>(*this, path);
    }
    void sync_file(std::filesystem::path const& path) override {
        count("sync", path);
        base::local_files().sync_file(path);
    }
    void rename(std::filesystem::path const& from, std::filesystem::path const& to) override {
        count("rename", to);
        base::local_files().rename(from, to);
    }
    void sync_folder(std::filesystem::path const& folder) override {
        count("sync", folder);
        base::local_files().sync_folder(folder);
    }
    void remove(std::filesystem::path const& path) override {
        count("remove", path);
        base::local_files().remove(path);
    }

  private:
    class File final : public base::OutputFile {
      public:
        File(FailingFiles& files, std::filesystem::path const& path)
            : files_(files), path_(path), file_(base::local_files().create(path)) {}
        void write(base::ByteSpan bytes) override {
            files_.count("write", path_);
            file_->write(bytes);
        }
        void sync() override {
            files_.count("sync", path_);
            file_->sync();
        }
        void close() override {
            files_.count("close", path_);
            file_->close();
        }

      private:
        FailingFiles& files_;
        std::filesystem::path path_;
        std::unique_ptr<base::OutputFile> file_;
    };

    void count(char const* action, std::filesystem::path const& path) {
        if (fails_ && left_-- <= 0) {
            failed_ = true;
            base::fail(base::ExitCode::environment, "cannot {} '{}'", action, path.string());
        }
    }

    int left_;
    bool fails_;
    bool failed_ = false;
};

/// {name: bytes} of the files in a folder; nothing when there is none.
inline std::map<std::string, std::string> contents(std::filesystem::path const& folder) {
    std::map<std::string, std::string> files;
    std::error_code absent;
    for (auto const& entry : std::filesystem::directory_iterator(folder, absent)) {
        files[entry.path().filename()] = base::read_text(entry.path());
    }
    return files;
}

}  // namespace tessera::test
