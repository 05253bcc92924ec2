export { diagnose, type Diagnosis, type DiagnoseOptions } from './tracer/doctor/diagnose.ts'
