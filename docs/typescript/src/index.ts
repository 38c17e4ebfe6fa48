export { Problem, ProgImage } from './client.js'
export { Albums } from './albums.js'
export type { Album, AlbumFields, AlbumImage, AlbumResult } from './albums.js'
export type {
  Account,
  Criteria,
  ImageRecord,
  Responsive,
  UploadControl,
  UploadFields,
} from './client.js'
export { Pipeline } from './pipeline.js'
export type { ImageArgument } from './steps.js'
