import CPNG
import Foundation

/// This file uses only libpng's simplified interface: it reports errors as values, so that no
/// `longjmp` ever crosses a Swift frame.
extension Image {
  /// The largest number of pixels in a picture that is read.
  private static let pixelLimit = 1 << 26

  /// Reads a PNG file; transparent pixels are blended with black.
  ///
  /// - Throws: ``ImagingError/unreadable(path:reason:)``.
  public init(png path: String) throws {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      !isDirectory.boolValue
    else { throw ImagingError.unreadable(path: path, reason: "no such file") }

    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    guard png_image_begin_read_from_file(&image, path) != 0 else {
      throw ImagingError.unreadable(path: path, reason: Self.message(of: image))
    }
    let (width, height) = (Int(image.width), Int(image.height))
    guard width > 0, height > 0, width <= Self.pixelLimit / height else {
      throw ImagingError.unreadable(
        path: path, reason: "\(width) by \(height) pixels are too many")
    }
    image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    var pixels = [UInt8](repeating: 0, count: 3 * width * height)
    var black = png_color(red: 0, green: 0, blue: 0)
    guard png_image_finish_read(&image, &black, &pixels, 0, nil) != 0 else {
      throw ImagingError.unreadable(path: path, reason: Self.message(of: image))
    }
    self.init(width: width, height: height, pixels: pixels)
  }

  /// Writes the picture as a PNG file: first under a temporary name, then renamed, so that nobody
  /// finds an incomplete file.
  ///
  /// - Throws: ``ImagingError/unwritable(path:reason:)``.
  public func write(png path: String) throws {
    let data = try pngData(for: path)
    do {
      try data.write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw ImagingError.unwritable(path: path, reason: Self.reason(of: error))
    }
  }

  private func pngData(for path: String) throws -> Data {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    image.width = png_uint_32(width)
    image.height = png_uint_32(height)
    image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    // Deflate makes data that it can't compress only a little longer.
    var data = Data(count: pixels.count + pixels.count / 8 + height + 4096)
    var length = png_alloc_size_t(data.count)
    let isWritten = data.withUnsafeMutableBytes { bytes in
      png_image_write_to_memory(&image, bytes.baseAddress, &length, 0, pixels, 0, nil)
    }
    png_image_free(&image)
    guard isWritten != 0 else {
      throw ImagingError.unwritable(path: path, reason: Self.message(of: image))
    }
    return data.prefix(Int(length))
  }

  private static func message(of image: png_image) -> String {
    withUnsafeBytes(of: image.message) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  private static func reason(of error: any Error) -> String {
    let error = error as NSError
    let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
    if underlying.domain == NSPOSIXErrorDomain {
      return String(cString: strerror(Int32(underlying.code)))
    }
    return underlying.localizedDescription
  }
}
