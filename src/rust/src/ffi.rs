//! What both C interfaces share. No panic crosses them.

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    data: *const u8,
    size: usize,
}

impl Bytes {
    pub fn empty() -> Bytes {
        Bytes {
            data: std::ptr::null(),
            size: 0,
        }
    }

    pub fn of(data: &[u8]) -> Bytes {
        Bytes {
            data: data.as_ptr(),
            size: data.len(),
        }
    }

    /// # Safety
    /// `data` points to `size` bytes that live and do not change while the slice is used.
    pub unsafe fn as_slice<'a>(self) -> &'a [u8] {
        if self.size == 0 || self.data.is_null() {
            return &[];
        }
        std::slice::from_raw_parts(self.data, self.size)
    }
}

pub fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|s| s.to_string())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "unknown panic".to_string())
}
